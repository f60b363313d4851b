"""Category and owner suggested from the words of a report, learnt from the office's own cases."""
