"""`deploy/kubernetes` as a whole, with patches on top, and the checks that it must pass.

overlays   renders an overlay, as it is or changed
checks     what the control plane must accept, refuse and do
mutants    overlays with one mistake each, and the check that must find it
"""
