"""Pure rules: what is remembered, a policy and the horizon -> a judgement."""
