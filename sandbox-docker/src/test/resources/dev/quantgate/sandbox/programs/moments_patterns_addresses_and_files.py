# correct
def f(x):
    """ """
    import datetime, io, ipaddress, re
    zone = datetime.timezone(datetime.timedelta(hours=1), "X")
    x.write("more")
    return (
        datetime.datetime(2020, 1, 1, fold=1, tzinfo=zone),
        ipaddress.ip_address("1.2.3.4"),
        re.compile("a+", re.I),
        io.BytesIO(b"ab"),
        memoryview(bytes(6)).cast("B", (2, 3)),
    )

def check(candidate):
    import io, ipaddress
    file = io.StringIO()
    moment, address, pattern, content, view = candidate(file)
    assert moment.fold == 1 and moment.tzname() == "X" and moment.isoformat() == "2020-01-01T00:00:00+01:00"
    assert address == ipaddress.ip_address("1.2.3.4") and pattern.match("AA") and content.read() == b"ab"
    assert view.shape == (2, 3) and file.getvalue() == "more"

check(f)
