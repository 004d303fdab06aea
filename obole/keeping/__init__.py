"""Let books live on: brought up to date, copied away and put back."""
