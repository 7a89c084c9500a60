"""The built site in a real browser: what a learner sees and what `window.pydl` promises."""
