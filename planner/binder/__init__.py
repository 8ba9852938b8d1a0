"""Part of the warehouse; see ARCHITECTURE.md."""
