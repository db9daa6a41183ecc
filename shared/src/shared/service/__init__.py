"""Runs a service: one process with a public port and an admin port.

runner       the main of every service: settings, logging, components, both servers, their end
admin_app    what the admin port answers: probes, metrics, operators' calls
listeners    opens the ports, before anything else is started
"""
