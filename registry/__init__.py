"""An event-sourced registry of micro-credentials: rules, formats, stores and use cases."""
