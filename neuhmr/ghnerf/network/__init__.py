"""The network: source views in, colors and human features of any other view out."""
