"""What cannot be had again, in one file: written while the service runs, checked whole before anything of it is put back."""
