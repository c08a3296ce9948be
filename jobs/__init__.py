"""Run the site's own batch jobs: many items each, every one with a result."""
