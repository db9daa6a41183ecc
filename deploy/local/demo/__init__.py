"""Sample data: ten people and their conversations.

* `script`: reads the conversations from `conversations.txt` and generates a long one from `diary.txt`
* `fill`: sends them over the public API
"""
