"""Workload management: who runs when and with what. Arrives with the WLM issue; a statement runs at
once until then."""
