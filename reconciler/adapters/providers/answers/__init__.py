"""What an answer means: from its transport, status and headers, then its words.

`answer` judges by what any provider may say, `evidence` finds codes and texts in it,
`sentences` are the wordings, `waits` until when it asks to wait, `transport` what it
means that none came.
"""
