"""The OpenAPI document: texts of operations, tags, error responses and examples; its page at /docs."""
