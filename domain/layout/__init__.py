"""The drawing of a venue: its model, its keys, its readers and the document that browsers draw from.

`reading.read_layout` makes a `model.Draft` of somebody's document, `publishing.publish` a `model.Layout` with keys,
`inventory.Inventory` the quick answers that a sale needs, `drawing.draw` the public document.
"""
