"""What programs written for etcetra rely on, and the defects that they no longer have."""
