"""Tools of the repository, outside the packages that run in production.

contract    generates the public contract under docs/contract/ and checks it
audit       looks up known vulnerabilities of the dependencies
sbom        writes the software bill of materials
manifests   renders the overlays of Kubernetes, for reviews
monitoring  generates the rules, alerts and dashboards under deploy/monitoring/ and checks them
words       finds words that are none of the field's in identifiers and docstrings
"""
