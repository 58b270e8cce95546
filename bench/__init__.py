"""What Latchkey costs on this machine: CPU, time, trips and units of each story, beside what it cannot cost less than.

`place` makes the environment, `callers` speak to the application, `stories` say what is asked, `floors` and `tables`
measure what nobody can save, `rounds` measures the stories, `growth`, `traffic` and `cold` the rest, `report` prints.
Nothing of this is packaged for the cloud.
"""
