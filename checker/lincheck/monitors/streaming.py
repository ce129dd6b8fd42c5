class RegisterStream:
    pass
