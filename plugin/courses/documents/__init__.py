"""Documents: invoices, credit notes and vouchers, issued once, numbered without gaps, kept for ever as they were."""
