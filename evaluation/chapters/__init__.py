"""One module a chapter of docs/evaluation.md; each has a CHAPTER, and its place in the document is its order."""
