"""Discrete-event simulation of requests at an endpoint: the judge of the closed forms.

    arrivals   when requests come: Poisson, bursty, uniform, or a recording
    stations   what serves them: replicas in a line, routed replicas, on-demand instances, a cache
    tally      what became of them: delays before service, refusals, cold starts
    policy     how many replicas an autoscaling policy has up at each moment

Seeded and pure: equal arguments give equal results.
"""
