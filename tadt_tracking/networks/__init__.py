"""Networks: modules only; no files, no devices."""
