"""What browsers and OAuth clients see: `views` is the table of routes, each view a file of its noun."""
