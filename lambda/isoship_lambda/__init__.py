"""The Lambda package: FastAPI and Mangum over isoship_edge."""
