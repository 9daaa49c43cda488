"""Pages that can be kept, sent and printed: one HTML file each, without script, network or fonts of its own.

Python decides what stands where (`shapes`), templates turn it into HTML, and jinja escapes every value. A page allows
itself nothing but its one style sheet, by the sheet's hash.
"""
