"""What scripts/deploy does, by noun.

options, interpreters, tools    the command line; the Python that Lambda will run; the environments all this runs in
requirements, trimming, bundle  what is shipped; what is left out, byte code, zip; the package and the template
account, artifacts              whose account, and whether it has room; the private bucket of packages
stack, probe                    CloudFormation: propose, carry out, discard; one request through what was deployed
first_operator                  the root operator
refusal                         what a person is told when it cannot be done
"""
