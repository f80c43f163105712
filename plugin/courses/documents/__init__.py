"""Documents: invoices, credit notes and vouchers, issued once, numbered without gaps, stored unchanged."""
