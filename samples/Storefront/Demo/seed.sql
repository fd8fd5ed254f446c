insert into organisation (name)
select 'Organisation ' || n from generate_series(1, 50) n;

-- Forty users in each organisation: 1 to 40 in the first, 41 to 80 in the second.
insert into app_user (organisation_id, email, name)
select 1 + (n - 1) / 40, 'user' || n || '@example.org', 'User ' || n from generate_series(1, 2000) n;

insert into product (slug, name, category, description, price, stock)
select lower(material) || '-' || thing || '-' || n,
       material || ' ' || thing || ' No. ' || n,
       thing,
       repeat(material || ' ' || thing || ', made to last. ', 8),
       5 + (n * 37 % 20000) / 100.0,
       5 + n % 40
from generate_series(1, 2000) n,
     lateral (select (array['Oak', 'Steel', 'Glass', 'Linen', 'Copper'])[1 + n % 5] as material,
                     (array['kettle', 'lamp', 'chair', 'table', 'clock', 'bowl', 'shelf', 'rug'])[1 + n / 5 % 8] as thing) as words;

insert into customer_order (user_id, placed_at)
select 1 + n * 7 % 2000, now() - n * interval '1 minute' from generate_series(1, 20000) n;

insert into order_line (order_id, product_id, quantity, unit_price)
select o.id, p.id, 1 + (o.id + line) % 3, p.price
from customer_order o
cross join generate_series(1, 2) line
join product p on p.id = 1 + (o.id * 13 + line * line * 101) % 2000;

analyze;
