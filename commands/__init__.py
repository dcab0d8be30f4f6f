"""What a reader may ask and how it is answered, whatever the chat platform."""
