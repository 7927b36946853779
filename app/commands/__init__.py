"""The groups of `valor …`, one file each; what a command needs it imports when it runs."""
