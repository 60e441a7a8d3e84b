"""
Grafana as code: dashboards and alert rules made in Python, committed as JSON and YAML, read by Grafana at its start.

``query`` (the data source's target), ``panels`` (what dashboards are made of), ``boards`` (the dashboards), ``rules``
(the alerts), ``files`` (what is made of them), ``publish`` (to a running Grafana), ``__main__`` (the command). Every query reads views only.
"""
