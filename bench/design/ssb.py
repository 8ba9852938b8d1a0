"""The star schema benchmark: one fact table, four dimensions, thirteen queries; made here, by seed, with numpy.

    lineorder   6,000,000 x SF rows       customer 30,000 x SF     supplier 2,000 x SF
    part        200,000 x (1 + log2 SF)   dwdate   2,557 days (1992 to 1998)

After O'Neil, O'Neil, Chen and Revilak. Values have the shapes that queries ask for: regions, nations, cities;
manufacturers, categories and brands; dates of seven years. Texts that no query reads are short. Orders come by their
dates, as a warehouse gets them; the same seed and scale give the same rows.
"""
from __future__ import annotations

import datetime
import math
from collections.abc import Callable

import numpy as np
import pyarrow as pa

TABLES: dict[str, str] = {
    "lineorder": """
        lo_orderkey bigint not null, lo_linenumber integer not null, lo_custkey integer not null,
        lo_partkey integer not null, lo_suppkey integer not null, lo_orderdate integer not null,
        lo_orderpriority varchar(15) not null, lo_shippriority char(1) not null, lo_quantity integer not null,
        lo_extendedprice integer not null, lo_ordtotalprice integer not null, lo_discount integer not null,
        lo_revenue integer not null, lo_supplycost integer not null, lo_tax integer not null,
        lo_commitdate integer not null, lo_shipmode varchar(10) not null""",
    "part": """
        p_partkey integer not null, p_name varchar(22) not null, p_mfgr varchar(6) not null,
        p_category varchar(7) not null, p_brand1 varchar(9) not null, p_color varchar(11) not null,
        p_type varchar(25) not null, p_size integer not null, p_container varchar(10) not null""",
    "supplier": """
        s_suppkey integer not null, s_name varchar(25) not null, s_address varchar(25) not null,
        s_city varchar(10) not null, s_nation varchar(15) not null, s_region varchar(12) not null,
        s_phone varchar(15) not null""",
    "customer": """
        c_custkey integer not null, c_name varchar(25) not null, c_address varchar(25) not null,
        c_city varchar(10) not null, c_nation varchar(15) not null, c_region varchar(12) not null,
        c_phone varchar(15) not null, c_mktsegment varchar(10) not null""",
    "dwdate": """
        d_datekey integer not null, d_date varchar(19) not null, d_dayofweek varchar(10) not null,
        d_month varchar(10) not null, d_year integer not null, d_yearmonthnum integer not null,
        d_yearmonth varchar(8) not null, d_daynuminweek integer not null, d_daynuminmonth integer not null,
        d_daynuminyear integer not null, d_monthnuminyear integer not null, d_weeknuminyear integer not null""",
}

REGIONS = {
    "AFRICA": ("ALGERIA", "ETHIOPIA", "KENYA", "MOROCCO", "MOZAMBIQUE"),
    "AMERICA": ("ARGENTINA", "BRAZIL", "CANADA", "PERU", "UNITED STATES"),
    "ASIA": ("CHINA", "INDIA", "INDONESIA", "JAPAN", "VIETNAM"),
    "EUROPE": ("FRANCE", "GERMANY", "ROMANIA", "RUSSIA", "UNITED KINGDOM"),
    "MIDDLE EAST": ("EGYPT", "IRAN", "IRAQ", "JORDAN", "SAUDI ARABIA"),
}
NATIONS = tuple((nation, region) for region, nations in REGIONS.items() for nation in nations)
PRIORITIES = ("1-URGENT", "2-HIGH", "3-MEDIUM", "4-NOT SPECI", "5-LOW")
MODES = ("REG AIR", "AIR", "RAIL", "SHIP", "TRUCK", "MAIL", "FOB")
SEGMENTS = ("AUTOMOBILE", "BUILDING", "FURNITURE", "MACHINERY", "HOUSEHOLD")
COLORS = ("almond", "azure", "beige", "blue", "brown", "coral", "cyan", "gold", "green", "ivory", "lime", "navy",
          "rose", "tan", "teal", "white", "yellow")
CONTAINERS = ("SM CASE", "SM BOX", "MED BAG", "MED BOX", "LG CASE", "LG BOX", "JUMBO PKG", "WRAP JAR")
FIRST_DAY, LAST_DAY = datetime.date(1992, 1, 1), datetime.date(1998, 12, 31)
DAYS = (LAST_DAY - FIRST_DAY).days + 1
ORDER_DAYS = DAYS - 151  # the last orders are of 1998-08-02, as in TPC-H

Columns = dict[str, "np.ndarray | pa.Array"]


def rows(table: str, scale: float) -> int:
    """Rows of a table; about as many for lineorder."""
    sizes = {
        "lineorder": 6_000_000 * scale, "customer": 30_000 * scale, "supplier": 2_000 * scale, "dwdate": DAYS,
        "part": 200_000 * (1 + math.log2(scale)) if scale >= 1 else 200_000 * scale,
    }
    return max(1, int(sizes[table]))


def generate(table: str, scale: float, seed: int = 0) -> pa.Table:
    """A table's rows."""
    rng = np.random.default_rng([seed, list(TABLES).index(table)])
    make: dict[str, Callable[[np.random.Generator, int, float], Columns]] = {
        "lineorder": _lineorder, "part": _part, "supplier": _supplier, "customer": _customer, "dwdate": _dwdate,
    }
    return pa.table(make[table](rng, rows(table, scale), scale))


def _texts(values: tuple[str, ...], codes: np.ndarray) -> pa.Array:
    """Words by their numbers."""
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(values)).cast(pa.string())


def _day_keys() -> np.ndarray:
    """19920101 ... of each day."""
    days = [FIRST_DAY + datetime.timedelta(days=i) for i in range(DAYS)]
    return np.array([d.year * 10000 + d.month * 100 + d.day for d in days], np.int32)


def _lineorder(rng: np.random.Generator, count: int, scale: float) -> Columns:
    lines = rng.integers(1, 8, count)  # of each order; cut off at `count` rows
    lines = lines[: int(np.searchsorted(np.cumsum(lines), count)) + 1]
    orders = len(lines)
    owner = np.repeat(np.arange(orders), lines)[:count]
    number = (np.arange(len(owner)) - np.repeat(np.cumsum(lines) - lines, lines)[:count] + 1).astype(np.int32)
    day = np.sort(rng.integers(0, ORDER_DAYS, orders))[owner]
    keys = _day_keys()
    price = rng.integers(90_000, 5_500_000, len(owner))
    discount, quantity = rng.integers(0, 11, len(owner)), rng.integers(1, 51, len(owner))
    total = np.bincount(owner, price, orders).astype(np.int64)[owner]
    return {
        "lo_orderkey": owner.astype(np.int64) + 1, "lo_linenumber": number,
        "lo_custkey": rng.integers(1, rows("customer", scale) + 1, orders).astype(np.int32)[owner],
        "lo_partkey": rng.integers(1, rows("part", scale) + 1, len(owner)).astype(np.int32),
        "lo_suppkey": rng.integers(1, rows("supplier", scale) + 1, len(owner)).astype(np.int32),
        "lo_orderdate": keys[day],
        "lo_orderpriority": _texts(PRIORITIES, rng.integers(0, 5, orders)[owner]),
        "lo_shippriority": _texts(("0",), np.zeros(len(owner), np.int32)),
        "lo_quantity": quantity.astype(np.int32), "lo_extendedprice": price.astype(np.int32),
        "lo_ordtotalprice": total.astype(np.int32), "lo_discount": discount.astype(np.int32),
        "lo_revenue": (price * (100 - discount) // 100).astype(np.int32),
        "lo_supplycost": (price * 6 // 10 // quantity).astype(np.int32),
        "lo_tax": rng.integers(0, 9, len(owner)).astype(np.int32),
        "lo_commitdate": keys[np.minimum(day + rng.integers(30, 91, len(owner)), DAYS - 1)],
        "lo_shipmode": _texts(MODES, rng.integers(0, len(MODES), len(owner))),
    }


def _part(rng: np.random.Generator, count: int, scale: float) -> Columns:
    maker, category, brand = rng.integers(1, 6, count), rng.integers(1, 6, count), rng.integers(1, 41, count)
    color = rng.integers(0, len(COLORS), count)
    return {
        "p_partkey": np.arange(1, count + 1, dtype=np.int32),
        "p_name": _texts(COLORS, color),
        "p_mfgr": pa.array([f"MFGR#{m}" for m in maker]),
        "p_category": pa.array([f"MFGR#{m}{c}" for m, c in zip(maker, category)]),
        "p_brand1": pa.array([f"MFGR#{m}{c}{b:02}" for m, c, b in zip(maker, category, brand)]),
        "p_color": _texts(COLORS, rng.integers(0, len(COLORS), count)),
        "p_type": _texts(("STANDARD BRASS", "SMALL TIN", "MEDIUM STEEL", "LARGE COPPER", "PROMO NICKEL"),
                         rng.integers(0, 5, count)),
        "p_size": rng.integers(1, 51, count).astype(np.int32),
        "p_container": _texts(CONTAINERS, rng.integers(0, len(CONTAINERS), count)),
    }


def _places(rng: np.random.Generator, count: int, prefix: str) -> Columns:
    nation, city = rng.integers(0, len(NATIONS), count), rng.integers(0, 10, count)
    return {
        f"{prefix}_city": pa.array([f"{NATIONS[n][0]:9.9}{c}" for n, c in zip(nation, city)]),
        f"{prefix}_nation": _texts(tuple(n for n, _ in NATIONS), nation),
        f"{prefix}_region": _texts(tuple(r for _, r in NATIONS), nation),
        f"{prefix}_phone": pa.array([f"{n + 10}-{p:07}" for n, p in zip(nation, rng.integers(0, 10**7, count))]),
    }


def _named(count: int, prefix: str, word: str) -> Columns:
    numbers = range(1, count + 1)
    return {
        f"{prefix}_{'custkey' if prefix == 'c' else 'suppkey'}": np.arange(1, count + 1, dtype=np.int32),
        f"{prefix}_name": pa.array([f"{word}#{i:09}" for i in numbers]),
        f"{prefix}_address": pa.array([f"{i * 7919 % 99991} Street" for i in numbers]),
    }


def _supplier(rng: np.random.Generator, count: int, scale: float) -> Columns:
    return _named(count, "s", "Supplier") | _places(rng, count, "s")


def _customer(rng: np.random.Generator, count: int, scale: float) -> Columns:
    segments = {"c_mktsegment": _texts(SEGMENTS, rng.integers(0, len(SEGMENTS), count))}
    return _named(count, "c", "Customer") | _places(rng, count, "c") | segments


def _dwdate(rng: np.random.Generator, count: int, scale: float) -> Columns:
    days = [FIRST_DAY + datetime.timedelta(days=i) for i in range(DAYS)]

    def numbers(of: Callable[[datetime.date], int]) -> np.ndarray:
        return np.array([of(d) for d in days], np.int32)

    return {
        "d_datekey": _day_keys(),
        "d_date": pa.array([f"{d:%B} {d.day}, {d.year}" for d in days]),
        "d_dayofweek": pa.array([f"{d:%A}" for d in days]), "d_month": pa.array([f"{d:%B}" for d in days]),
        "d_year": numbers(lambda d: d.year), "d_yearmonthnum": numbers(lambda d: d.year * 100 + d.month),
        "d_yearmonth": pa.array([f"{d:%b}{d.year}" for d in days]),
        "d_daynuminweek": numbers(lambda d: d.isoweekday()), "d_daynuminmonth": numbers(lambda d: d.day),
        "d_daynuminyear": numbers(lambda d: d.timetuple().tm_yday), "d_monthnuminyear": numbers(lambda d: d.month),
        "d_weeknuminyear": numbers(lambda d: (d.timetuple().tm_yday - 1) // 7 + 1),
    }


_FLIGHT1 = "select sum(lo_extendedprice * lo_discount) as revenue from lineorder, dwdate where lo_orderdate = d_datekey"
_FLIGHT2 = (
    "select sum(lo_revenue), d_year, p_brand1 from lineorder, dwdate, part, supplier where lo_orderdate = d_datekey "
    "and lo_partkey = p_partkey and lo_suppkey = s_suppkey and {} group by d_year, p_brand1 order by d_year, p_brand1"
)
_FLIGHT3 = (
    "select {0}, d_year, sum(lo_revenue) as revenue from customer, lineorder, supplier, dwdate "
    "where lo_custkey = c_custkey and lo_suppkey = s_suppkey and lo_orderdate = d_datekey and {1} "
    "group by {0}, d_year order by d_year asc, revenue desc"
)
_FLIGHT4 = (
    "select {0}, sum(lo_revenue - lo_supplycost) as profit from dwdate, customer, supplier, part, lineorder "
    "where lo_custkey = c_custkey and lo_suppkey = s_suppkey and lo_partkey = p_partkey and lo_orderdate = d_datekey "
    "and {1} group by {0} order by {0}"
)
_KINGDOM = "('UNITED KI1', 'UNITED KI5')"

QUERIES: dict[str, str] = {
    "q1.1": f"{_FLIGHT1} and d_year = 1993 and lo_discount between 1 and 3 and lo_quantity < 25",
    "q1.2": f"{_FLIGHT1} and d_yearmonthnum = 199401 and lo_discount between 4 and 6 and lo_quantity between 26 and 35",
    "q1.3": f"{_FLIGHT1} and d_weeknuminyear = 6 and d_year = 1994 and lo_discount between 5 and 7 "
            "and lo_quantity between 26 and 35",
    "q2.1": _FLIGHT2.format("p_category = 'MFGR#12' and s_region = 'AMERICA'"),
    "q2.2": _FLIGHT2.format("p_brand1 between 'MFGR#2221' and 'MFGR#2228' and s_region = 'ASIA'"),
    "q2.3": _FLIGHT2.format("p_brand1 = 'MFGR#2239' and s_region = 'EUROPE'"),
    "q3.1": _FLIGHT3.format("c_nation, s_nation",
                            "c_region = 'ASIA' and s_region = 'ASIA' and d_year >= 1992 and d_year <= 1997"),
    "q3.2": _FLIGHT3.format("c_city, s_city", "c_nation = 'UNITED STATES' and s_nation = 'UNITED STATES' "
                                              "and d_year >= 1992 and d_year <= 1997"),
    "q3.3": _FLIGHT3.format("c_city, s_city", f"c_city in {_KINGDOM} and s_city in {_KINGDOM} "
                                              "and d_year >= 1992 and d_year <= 1997"),
    "q3.4": _FLIGHT3.format("c_city, s_city", f"c_city in {_KINGDOM} and s_city in {_KINGDOM} "
                                              "and d_yearmonth = 'Dec1997'"),
    "q4.1": _FLIGHT4.format("d_year, c_nation", "c_region = 'AMERICA' and s_region = 'AMERICA' "
                                                "and (p_mfgr = 'MFGR#1' or p_mfgr = 'MFGR#2')"),
    "q4.2": _FLIGHT4.format("d_year, s_nation, p_category",
                            "c_region = 'AMERICA' and s_region = 'AMERICA' and (d_year = 1997 or d_year = 1998) "
                            "and (p_mfgr = 'MFGR#1' or p_mfgr = 'MFGR#2')"),
    "q4.3": _FLIGHT4.format("d_year, s_city, p_brand1",
                            "s_nation = 'UNITED STATES' and (d_year = 1997 or d_year = 1998) "
                            "and p_category = 'MFGR#14'"),
}
