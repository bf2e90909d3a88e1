"""Reports printed in every form that we claim to read, from figures that we know.

``values`` invents valid figures, ``form`` lays them out as the physical cells of the statutory tables,
``html`` and ``text`` print those cells as portals and text dumps do (``prose`` is what stands around them),
``damage`` breaks what was printed, ``verdict`` holds what came back against it, and ``hostile`` makes inputs
that are no reports at all.
Everything takes a ``random.Random``; hypothesis hands in one whose choices it can shrink, so the first
choice of every list is the plainest.
"""
