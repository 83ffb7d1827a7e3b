"""One booking told step by step over HTTP, from an empty basket to money given back, and the events it caused."""
