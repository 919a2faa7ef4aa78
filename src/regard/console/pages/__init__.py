"""The pages, a module a noun. Each module lists its own in `PAGES`; `routes.py` joins the lists."""
