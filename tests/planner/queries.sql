-- one query a line, for test_same_answer.py
select a, b, c from t where a > 1 and (b < 3 or b is null)
select t.a, u.e from t, u where t.a = u.a and t.b < u.b
select t.a, u.e, v.k from t, u, v where t.a = u.a and u.b = v.b and t.c = 2
select t.a, x.a, v.k from t join u x on t.a = x.a join v on x.a = v.b and t.a = v.b
select count(*) from t, v
select t.a, w.name from t left join w on t.b = w.k
select t.a, u.b from t left join u on t.a = u.a and t.b > 1
select t.a, u.b from t left join u on t.a = u.a and u.b > 1
select t.a, u.b from t left join u on t.a = u.a and t.b > u.b
select t.a, u.b from t left join u on t.b < u.b
select t.a, u.b from t left join u on t.a = u.a where u.b > 1
select t.a, u.b from t left join u on t.a = u.a where u.b is null
select t.a, u.b from t right join u on t.a = u.a and t.c > 1
select t.a, u.b, v.k from t left join u on t.a = u.a left join v on u.b = v.b
select t.a, u.b, v.k from t left join u on t.a = u.a join v on t.b = v.b where v.k > 0
select t.a, u.b, v.k from t left join (u join v on u.b = v.b) on t.a = u.a
select t.a, u.a, t.b, u.e from t full join u on t.a = u.a
select t.a, u.a from t full join u on t.a = u.a and t.b > 1 and u.e < 3
select t.a, u.a from t full join u on t.a = u.a where t.b > 1
select t.a, u.a, w.k from t full join u on t.a = u.a join w on t.b = w.k
select a, count(*), sum(b), min(c), max(d), avg(c) from t group by a
select sum(b), count(b), avg(d), min(s) from t where c > 100
select a, avg(b) from t group by a having count(*) > 1
select a, b, count(*) from t group by a, b order by a, b
select distinct a, b from t
select count(distinct a), sum(c) from t
select count(distinct a), count(*) from t where c > 100
select b, count(distinct a), count(*), avg(c) from t group by b
select count(distinct a), count(distinct b), sum(c) from t
select s, count(distinct a), count(distinct b), sum(c), avg(distinct c) from t group by s
select a from t union select a from u
select a from t union all select b from u union all select k from v
select a, b from t intersect select a, b from u
select a, b from t except select a, b from u
select a, count(*) from (select a from t union all select a from u) x group by a
select x.a, x.n from (select a, count(*) n from t group by a) x where x.a > 1 and x.n > 1
select a from t where exists (select 1 from u where u.a = t.a)
select a from t where not exists (select 1 from u where u.a = t.a and u.b <> t.b)
select a from t where exists (select 1 from u where u.b > t.b)
select a from t where exists (select 1 from u where u.e = 3)
select a from t where a in (select a from u)
select a from t where a not in (select a from u where e > 1)
select a from t where c not in (select b from u)
select a from t where a not in (select b from u where u.e = t.b)
select a from t where a not in (select u.a from u where u.e = t.b)
select a, c from t where a in (select u.a from u where u.e = t.b and u.b > 0)
select a from t where a > all (select b from u where e > 1)
select a from t where a > any (select b from u where u.s = t.s)
select a from t where a = 1 or exists (select 1 from u where u.a = t.b)
select a from t where a = 1 or b in (select e from u)
select a from t where c = 1 or b not in (select e from u where e > 0)
select a, b in (select e from u) from t
select a, exists (select 1 from u where u.a = t.a and u.b > 1) from t
select a, case when b in (select b from v) then 'in' else 'out' end from t
select a, (select max(b) from u where u.a = t.a) from t
select a, (select count(*) from u where u.a = t.a) from t
select a, (select count(*) from u where u.b < t.c) from t
select a, (select count(e) + 1 from u where u.a = t.a and u.b = t.b) from t
select a, (select sum(e) from u where u.b < t.b) from t
select a, (select max(b) from u) from t
select a, (select name from w where w.k = t.a) from t where false
select a, (select k from w where w.k = t.c) from t
select a from t where b < (select avg(b) from u where u.a = t.a)
select a from t where c = (select count(*) from u where u.a = t.a)
select a from t where b = (select min(u.b) from u, v where u.a = t.a and u.b = v.b)
select t.a from t, w where t.a = w.k and t.c = (select min(x.c) from t x where x.a = w.k)
select a from t where exists (select 1 from u where u.a = t.a and exists (select 1 from v where v.b = u.b))
select a from t where exists (select 1 from u where u.a = t.a and exists (select 1 from v where v.b = t.b))
select a from t where exists (select 1 from u where u.a = t.a and not exists (select 1 from v where v.k = t.c and v.b = u.b))
select a from t where (select count(*) from u where u.a = t.a and u.b in (select b from v where v.k = t.b)) > 1
select a, (select sum(x.n) from (select count(*) n from u where u.b > t.b group by u.s) x) from t
select a, (select max(x.z) from (select e as z from u where u.a = t.a union all select k from v where v.b = t.b) x) from t
select a from t where exists (select u.a from u where u.a = t.a group by u.a having count(*) > 1)
select a from t where exists (select count(*) from u where u.a = t.a)
select a from t where b in (select max(e) from u group by s)
with x as (select a, count(*) n from t group by a) select p.a, q.n from x p, x q where p.a = q.a and q.n = (select max(n) from x)
with x as (select * from t where c > 1) select x.a, y.b from x, x y where x.a = y.a
select a, b, c from t order by a desc, b, c limit 3
select a, b, c from t order by b nulls first, a, c, d limit 2 offset 1
select a + 1 as z, b from t order by c, a, b, s, d limit 4
select count(*) from (select a from t order by b limit 3) x
select x.a, u.b from (select a, c from t order by c, a, b, s, d limit 3) x join u on x.a = u.a
select t.a from t where (t.a = 1 and t.b = 2) or (t.a = 1 and t.b = 3) or (t.a = 1 and t.c = 1)
select t.a, u.b from t, u where (t.a = u.a and t.b = 1) or (t.a = u.a and u.b = 2)
select t.a, u.b from t, u where (t.b = 1 and u.b = 2) or (t.b = 2 and u.b = 1)
select t.a, u.a from t, u where t.a = u.a and t.a = 2
select t.a from t, u, v where t.a = u.a and u.a = v.b and v.b in (1, 2)
select a from t where not (a > 1 and (b = 2 or c is null))
select case when a > 1 then b else c end, sum(d) from t group by 1
select t.d, u.b from t join u on t.d = u.b
select t.a, u.b from t join u on t.a + 1 = u.b and t.c = u.a + u.b
select t.s, u.s from t join u on upper(t.s) = u.s
select 1, 'x'
select x.n from (select 1 as n union all select 2) x join t on t.a = x.n
select a from t where 1 = 0
select a from t where 1 = 1 and 2 = 2
select t.a, w.name from w left join t on t.b = w.k
select w.k, count(t.a) from w left join t on t.b = w.k and t.c > 0 group by w.k
select w.k, x.n from w left join (select b, count(*) n from t group by b) x on x.b = w.k
select w.k from w where w.k in (select b from t where t.a = w.k or t.c = 1)
select count(*) from w join (select k from w) x on w.k = x.k
select sum(w.k) from w
select w.k from w union all select w.k from w
select x.a, count(*) from (select distinct a, s from t) x join (select a from u group by a) y on x.a = y.a group by x.a
select t.a, u.b, v.k, w.name from t, u, v, w where t.a = u.a and u.b = v.b and v.k = w.k and t.b = w.k
select t.a, sum(u.e) from t, u where t.a = u.a group by t.a having sum(u.e) > (select avg(u.e) from t, u where t.a = u.a)
select p.a, q.n from (select a, count(*) n from t where b > 1 group by a) p, (select a, count(*) n from t where b > 1 group by a) q where p.n = q.n
select a from t where a in (select max(e) from u group by s) or b in (select max(e) from u group by s)
select t.a, u.a, u.e from t left join u on t.a = u.a and u.e > 1 where u.a is null
select t.a, u.b from t left join u on t.a = u.e where u.b is null and t.b > 1
select t.a, u.b from t left join u on t.b < u.b where u.b is null
select a, s, sum(b), count(*), grouping(a, s) from t group by rollup(a, s)
select a, s, b, sum(c), grouping(b, a) g from t group by cube(a, s, b) having grouping(a) = 0 or sum(c) > 3
select a, b, avg(c), count(c), min(s) from t group by grouping sets ((a), (b), (a, b), (), ())
select a, b, c, count(*) from t group by a, rollup(b, c)
select a, b, count(distinct c), sum(b) from t group by rollup(a, b)
select a, count(*), sum(a) from t where a > 100 group by rollup(a)
select t.a, (select sum(u.b) from u where u.a = t.a group by rollup(u.s) having grouping(u.s) = 1) from t
select a from t where b in (select count(*) from u where u.a = t.a group by cube(u.s))
select grouping(a), a, count(*) from t group by a
select x.a, x.n from (select a, s, count(*) n from t group by rollup(a, s)) x where x.a = 1
select a + 1, upper(s), sum(b) from t group by grouping sets ((1, 2), (1), (upper(s)))
select w.k, count(distinct t.a), count(distinct t.c) from t left join w on t.b = w.k group by grouping sets (w.k, ())
select t.a from t where t.b not in (select w.k from u left join w on u.a = w.k) and t.c not in (select w.k from u left join w on u.a = w.k)
with recursive r(n) as (select 1 union all select n + 1 from r where n < 5) select * from r order by 1
with recursive r(a, n) as (select a, 1 from t where a = 1 union all select t.a, n + 1 from t, r where t.b = r.a and n < 4) select a, n from r
with recursive r(a, n) as (select a, 1 from t union all select u.b, r.n + 1 from r join u on r.a = u.a where r.n < 3) select x.a, count(*) from r x, r y where x.a = y.a group by x.a
with recursive r(a, n) as (select a, 1 from u union all select r.a, n + 1 from r where n < 3 and exists (select 1 from t where t.a = r.a)) select * from r where n > 1
with recursive r(a, n) as (select a, 1 from u union all select r.a, n + v.m from r join (select b, cast(count(*) as int) as m from t group by b) v on v.b = r.a where n < 3) select a, count(*) from r group by a
with recursive r(a) as (select k from w union all select a - 1 from r where a > 0), s(b, c) as (select a, 1 from r union all select b, c + 1 from s where c < 2) select b, sum(c) from s group by b
with recursive r(a, n) as (select a, 1 from t union all select r.a, n + 1 from r left join u on r.a = u.a and u.b = 2 where n < 3 and u.a is null) select * from r
select a, b, rank() over (partition by a order by b) from t
select a, sum(b) over (partition by a), count(*) over (partition by a, b), dense_rank() over (partition by b, a order by c) from t
select a, b, sum(c) over (order by a, b, c rows 2 preceding), rank() over (order by a) from t
select a, sum(count(*)) over (partition by a), rank() over (order by sum(c)) from t group by a, b
select x.a, x.r from (select a, b, rank() over (partition by a order by b) r from t) x where x.a = 1 and x.r < 3
select t.a, x.r from t join (select a, b, rank() over (partition by a order by b desc) r from u) x on t.a = x.a and t.b = x.b
select a from t qualify count(*) over (partition by b) > 1 and rank() over (partition by b order by a, c) = 1
select a, avg(b) over (partition by a + b), max(s) over (partition by a), min(d) over () from t
select a, (select max(r) from (select rank() over (order by u.b) r, u.a from u) x where x.a = t.a) from t
select a, (select sum(n) from (select count(*) over () n from u where u.b < t.b) x) from t
select a, count(*) over (partition by a) from (select a, b from t union all select b, a from u) x
with x as (select a, sum(b) over (partition by a) s from t) select p.a, q.s from x p join x q on p.a = q.a
select distinct sum(b) over (partition by a), max(c) over (partition by a, b) from t
