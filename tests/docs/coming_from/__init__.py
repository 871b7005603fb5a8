"""What each row of `docs/coming-from/` must do, by the page on which it stands."""
