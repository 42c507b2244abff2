"""Blueprints: services that speak gRPC and how they are chained, as AI-Effect and AI4EU exchange them.

Reads, validates and writes onboarding exports, and turns them into compose files. Uses no store and no
network.
"""
