"""What warnings are worth: events by price, alerts matched with them, and how sure one can be (quant.md section 10).

`recorded`, `labels`, `matching` and `wilson` are plain Python and may be used by what runs; the others load numpy and are for
`seawall score` and `make evaluation` alone.
"""
