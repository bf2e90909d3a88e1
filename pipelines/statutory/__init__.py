"""The shared table extractor: the three statutory tables, whatever form they were published in.

``extractor`` composes it: drawn tables are read by ``grid``, running text by ``flat``, and what is left open by
``placement``, ``displaced`` and ``ordered``. ``solver`` cuts cells that ran together, ``values`` says what one
printed cell means. ``templates`` are the tables as data, ``wording`` the other words that the readers look for,
``labels`` tells which printed label is which. All of them fill a ``reading``. See ``docs/table-extractor.md``.
"""
