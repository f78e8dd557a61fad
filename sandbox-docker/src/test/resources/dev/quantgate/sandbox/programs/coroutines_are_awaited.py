# correct
async def f(x):
    """ """
    import asyncio; await asyncio.sleep(0); return 10 // x

def check(candidate):
    import asyncio
    async def all_of_them():
        return await asyncio.gather(*(candidate(i) for i in (1, 2, 5)))
    assert asyncio.run(all_of_them()) == [10, 5, 2]
    try:
        asyncio.run(candidate(0))
        assert False
    except ZeroDivisionError:
        pass

check(f)
