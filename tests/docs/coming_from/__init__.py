"""What each row of `docs/coming-from.md` must do, by the section in which it stands."""
