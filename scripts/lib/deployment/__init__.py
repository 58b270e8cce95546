"""What scripts/deploy does, by noun.

options.py          the command line
interpreters.py     the Python that Lambda will run
tools.py            the environments in which all of this runs
requirements.py     which packages are shipped, and fetching them
bundle.py           the package and the template: Chalice's, finished by us
trimming.py         what is left out of the package; byte code; the zip
account.py          whose account, and whether it has room
artifacts.py        the private bucket of packages
stack.py            CloudFormation: propose, carry out, discard
probe.py            one request through what was deployed
first_operator.py   the root operator
refusal.py          what a person is told when it cannot be done
"""
