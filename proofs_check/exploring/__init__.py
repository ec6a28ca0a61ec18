"""What the explorer (`notebooks/explore.py`) knows apart from its screen; nothing here needs marimo.

looking      one claim and one point of it: what is said, the judgement, the point as a file
widgets      controls for the coordinates of a space, and the exact values they stand for
numbers      numbers of any size, in words and as places on a line
numberline   one look at a point as HTML: verdict, both sides, margins
sweeps       a claim along one or two parameters, and the picture
requests     what takes a while, answered by a process that can be stopped
static_page  the explorer as a page whose Python runs in the browser
"""
