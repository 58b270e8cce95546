"""DynamoDB: one table, the only place that imports PynamoDB.

`keys` is the page of all entities, `items` their models, `store` the five verbs, `tables` the definition of the table;
`pools`, `users`, `sessions` and `operators` are look-ups with a name.
"""
