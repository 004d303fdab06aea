"""The vault: identities, links to them and frozen sheets, the only place where names stand. One module per subject."""
