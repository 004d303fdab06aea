"""The decision what a bank line is: rules, returns, proposals, and the booking that follows."""
