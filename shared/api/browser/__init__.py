"""What people in a browser need beside the API: login, the documentation's pages, links to share."""
