"""Tests of what lies between tokio and asyncio: calls, loops, processes and the runtime."""
