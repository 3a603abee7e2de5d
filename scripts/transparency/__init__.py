"""What the commands about the transparency log and its receipts do."""
