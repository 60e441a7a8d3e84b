"""Pure: device bytes -> facts."""
