"""What a reader of exchanges costs, measured over a real websocket on loopback: the frames, who sends and who reads them."""
