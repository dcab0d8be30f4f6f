"""The watch over stated positions, at every look at their asset."""

from scheduler.plans.look import PlanWatch

__all__ = ["PlanWatch"]
